# source-controller: role arn:aws:iam::210987654321:role/spokes/palette.ecr-source-controller
resource "aws_iam_role" "palette_ecr_source_controller" {
  name = "palette.ecr-source-controller"
  path = "/spokes/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::210987654321:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/SPOKE2"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/SPOKE2:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/SPOKE2:sub" = "system:serviceaccount:mural-system:source-controller"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr_source_controller" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr_source_controller.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ]
        Resource = "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads"
      },
      {
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
    ]
  })
}

# in the registry's account; this replaces the policy that the repository has
resource "aws_ecr_repository_policy" "palette_ecr_source_controller" {
  repository = "palette/mural-workloads"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::210987654321:role/spokes/palette.ecr-source-controller"
        }
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ]
      },
    ]
  })
}
