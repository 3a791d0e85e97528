# combined: role arn:aws:iam::123456789012:role/palette-ecr
resource "aws_iam_role" "palette_ecr" {
  name = "palette-ecr"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/HUB1"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:sub" = [
              "system:serviceaccount:mural-system:hue",
              "system:serviceaccount:mural-system:source-controller",
            ]
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2:aud" = "sts.amazonaws.com"
            "oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2:sub" = "system:serviceaccount:mural-system:source-controller"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr:CompleteLayerUpload",
          "ecr:UploadLayerPart",
          "ecr:InitiateLayerUpload",
          "ecr:BatchCheckLayerAvailability",
          "ecr:PutImage",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
          "ecr:ListImages",
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

# hue: role arn:aws:iam::123456789012:role/palette-ecr-hue
resource "aws_iam_role" "palette_ecr_hue" {
  name = "palette-ecr-hue"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/HUB1"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:sub" = "system:serviceaccount:mural-system:hue"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "palette_ecr_hue" {
  name = "palette-ecr"
  role = aws_iam_role.palette_ecr_hue.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr:CompleteLayerUpload",
          "ecr:UploadLayerPart",
          "ecr:InitiateLayerUpload",
          "ecr:BatchCheckLayerAvailability",
          "ecr:PutImage",
          "ecr:BatchGetImage",
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

# source-controller: role arn:aws:iam::123456789012:role/palette-ecr-source-controller
resource "aws_iam_role" "palette_ecr_source_controller" {
  name = "palette-ecr-source-controller"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/HUB1"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:aud" = "sts.amazonaws.com"
            "oidc.eks.us-east-1.amazonaws.com/id/HUB1:sub" = "system:serviceaccount:mural-system:source-controller"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2:aud" = "sts.amazonaws.com"
            "oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2:sub" = "system:serviceaccount:mural-system:source-controller"
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
          "ecr:ListImages",
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

# operator: attach this policy to the identity that runs palette-ecr
resource "aws_iam_policy" "palette_ecr_operator" {
  name = "palette-ecr-operator"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ecr:CompleteLayerUpload",
          "ecr:UploadLayerPart",
          "ecr:InitiateLayerUpload",
          "ecr:BatchCheckLayerAvailability",
          "ecr:PutImage",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
          "ecr:ListImages",
          "ecr:DescribeImages",
          "ecr:DescribeRepositories",
          "ecr:GetLifecyclePolicy",
          "ecr:GetRepositoryPolicy",
          "ecr:CreateRepository",
          "ecr:TagResource",
          "ecr:PutLifecyclePolicy",
        ]
        Resource = "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads"
      },
      {
        Effect = "Allow"
        Action = [
          "ecr:GetAuthorizationToken",
          "ecr:DescribePullThroughCacheRules",
          "ecr:DescribeRepositoryCreationTemplates",
          "ecr:GetSigningConfiguration",
        ]
        Resource = "*"
      },
      {
        Effect = "Allow"
        Action = [
          "iam:GetRole",
          "iam:ListRolePolicies",
          "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies",
          "iam:SimulatePrincipalPolicy",
        ]
        Resource = "arn:aws:iam::123456789012:role/palette-ecr"
      },
      {
        Effect = "Allow"
        Action = [
          "iam:GetPolicy",
          "iam:GetPolicyVersion",
        ]
        Resource = "arn:aws:iam::*:policy/*"
      },
      {
        Effect   = "Allow"
        Action   = "iam:GetOpenIDConnectProvider"
        Resource = "arn:aws:iam::123456789012:oidc-provider/*"
      },
    ]
  })
}
