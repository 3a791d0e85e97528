# combined: role arn:aws:iam::123456789012:role/palette-ecr
resource "aws_iam_role" "palette_ecr" {
  name = "palette-ecr"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "pods.eks.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
          "sts:TagSession",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestTag/kubernetes-namespace"       = "mural-system"
            "aws:RequestTag/kubernetes-service-account" = "hue"
            "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:us-east-1:123456789012:cluster/hub"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          Service = "pods.eks.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
          "sts:TagSession",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestTag/kubernetes-namespace"       = "flux-system"
            "aws:RequestTag/kubernetes-service-account" = "source-controller"
            "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:us-east-1:123456789012:cluster/hub"
          }
        }
      },
      {
        Effect = "Allow"
        Principal = {
          Service = "pods.eks.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
          "sts:TagSession",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestTag/kubernetes-namespace"       = "flux-system"
            "aws:RequestTag/kubernetes-service-account" = "source-controller"
            "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:eu-west-1:123456789012:cluster/spoke-1"
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

resource "aws_eks_pod_identity_association" "on_hub_hue" {
  cluster_name    = "hub"
  namespace       = "mural-system"
  service_account = "hue"
  role_arn        = aws_iam_role.palette_ecr.arn
}

resource "aws_eks_pod_identity_association" "on_hub_source_controller" {
  cluster_name    = "hub"
  namespace       = "flux-system"
  service_account = "source-controller"
  role_arn        = aws_iam_role.palette_ecr.arn
}

resource "aws_eks_pod_identity_association" "on_spoke_1_source_controller" {
  cluster_name    = "spoke-1"
  namespace       = "flux-system"
  service_account = "source-controller"
  role_arn        = aws_iam_role.palette_ecr.arn
}
